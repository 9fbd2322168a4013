// The same request for a terminal. Credentials are not in it: curl takes them from the environment.
export interface CurlOf {
  method: string;
  url: string;
  headers?: readonly [string, string][];
  body?: string | undefined;
}

export function curl({ method, url, headers = [], body }: CurlOf): string {
  const parts = ['curl'];
  if (method !== 'GET') parts.push('-X', method);
  for (const [name, value] of headers) parts.push('-H', quoted(`${name}: ${value}`));
  if (body) parts.push('--data-raw', quoted(body));
  parts.push(quoted(url));
  return parts.join(' ');
}

export function quoted(value: string): string {
  return /^[A-Za-z0-9_./:=@%-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
