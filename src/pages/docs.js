globalThis.SwaggerUIBundle({
  // Relative to this page, because a proxy may serve it below another path.
  url: new URL('openapi.json', document.baseURI).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
