globalThis.SwaggerUIBundle({
  // Beside this page, wherever a proxy has put it.
  url: new URL('openapi.json', document.baseURI).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
