/** What a mail says. */
export interface Letter {
  subject: string;
  text: string;
}

/** @param reader.link opens a page that asks for a click: opening it proves nothing yet */
export function verifyEmail(reader: { fullName: string; tenantName: string; link: string }): Letter {
  return {
    subject: `Confirm your e-mail for ${reader.tenantName}`,
    text: [
      `Hello ${reader.fullName},`,
      `you signed up to found "${reader.tenantName}". Confirm that this address is yours:`,
      reader.link,
      'The link works once, for 24 hours. If you did not sign up, do nothing: no account is made.',
    ].join('\n\n'),
  };
}

/** For an address that has an account: carries no token, and nobody but its reader learns that there is one. */
export function accountExists(reader: { fullName: string; tenantName: string }): Letter {
  return {
    subject: `You already have an account`,
    text: [
      'Hello,',
      `someone, perhaps you, signed up with this address to found "${reader.tenantName}". You have an account already: log in, and found the tenant from there.`,
      'If it was not you, do nothing.',
    ].join('\n\n'),
  };
}
