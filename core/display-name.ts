/** Names are chosen by strangers: nothing in them may become a link in the reader's mail program. */
export function withoutLinks(name: string): string {
  return name.replaceAll(/(?<=\S)[.:/\\@](?=\S)/g, ' ');
}
