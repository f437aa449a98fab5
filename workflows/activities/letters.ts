/** What a mail says. */
export interface Letter {
  subject: string;
  text: string;
}

/** @param reader.link opens a page that asks for a click: opening it proves nothing yet */
export function verifyEmail(reader: {
  fullName: string;
  tenantName: string;
  tenantSlug: string;
  link: string;
}): Letter {
  const tenant = plain(reader.tenantName);
  return {
    subject: `Confirm your e-mail for ${tenant}`,
    text: [
      `Hello ${plain(reader.fullName)},`,
      `you signed up to found "${tenant}" (${reader.tenantSlug}). Confirm that this address is yours:`,
      reader.link,
      'The link works once, for 24 hours. If it was not you who founded this, do nothing: no account is made.',
    ].join('\n\n'),
  };
}

/** For an address that has an account: carries no token, and nobody but its reader learns that there is one. */
export function accountExists(reader: { tenantName: string }): Letter {
  return {
    subject: `You already have an account`,
    text: [
      'Hello,',
      `someone, perhaps you, signed up with this address to found "${plain(reader.tenantName)}". You have an account already: log in, and found the tenant from there.`,
      'If it was not you, do nothing.',
    ].join('\n\n'),
  };
}

/** @param reader.link opens a page that asks for the new password */
export function resetPassword(reader: { fullName: string; link: string }): Letter {
  return {
    subject: 'Set a new password',
    text: [
      `Hello ${plain(reader.fullName)},`,
      'someone, perhaps you, asked for a new password for the account of this address. Choose it here:',
      reader.link,
      'The link works once, for an hour, and then ends all sessions. If it was not you, do nothing: the password stays.',
    ].join('\n\n'),
  };
}

/** @param reader.link opens a page that shows the invite and asks for consent */
export function invite(reader: { tenantName: string; invitedBy: string | null; role: string; link: string }): Letter {
  const tenant = plain(reader.tenantName);
  const inviter = reader.invitedBy === null ? 'An admin' : plain(reader.invitedBy);
  return {
    subject: `${inviter} invites you to ${tenant}`,
    text: [
      'Hello,',
      `${inviter} invites you to join "${tenant}" as ${reader.role === 'admin' ? 'an admin' : 'a member'}. See the invite, and accept it:`,
      reader.link,
      'The link works once, for 7 days. If you do not know them, do nothing.',
    ].join('\n\n'),
  };
}

/** Names are chosen by strangers: nothing in them may become a link in the reader's mail program. */
function plain(name: string): string {
  return name.replaceAll(/(?<=\S)[.:/\\@](?=\S)/g, ' ');
}
