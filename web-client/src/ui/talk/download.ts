// Hands a file over to the person; it never goes through a server.

/** Long enough for the browser to have begun; a blob's address holds its memory until then. */
const RELEASE_MS = 60_000;

export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), RELEASE_MS);
}
