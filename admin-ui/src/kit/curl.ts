// The same request for a terminal. A secret is not in it: curl asks for a password, and a token is
// taken from the shell's variable TOKEN.
export interface CurlOf {
  method: string;
  url: string;
  headers?: readonly [string, string][];
  body?: string | undefined;
}

export function curl({ method, url, headers = [], body }: CurlOf): string {
  const parts = ['curl'];
  if (method === 'HEAD') parts.push('--head');
  else if (method !== 'GET') parts.push('-X', method);
  for (const [name, value] of headers) parts.push(...header(name, value));
  if (body) parts.push('--data-raw', quoted(body));
  parts.push(quoted(url));
  return parts.join(' ');
}

function header(name: string, value: string): string[] {
  if (name.toLowerCase() !== 'authorization') return ['-H', quoted(`${name}: ${value}`)];
  const [scheme = '', secret = ''] = value.split(' ');
  if (scheme.toLowerCase() !== 'basic') return ['-H', `"authorization: ${scheme.replace(/[^A-Za-z]/g, '')} $TOKEN"`];
  return ['-u', quoted(userOf(secret))];
}

function userOf(packed: string): string {
  try {
    const bytes = Uint8Array.from(atob(packed), (byte) => byte.charCodeAt(0));
    return new TextDecoder().decode(bytes).split(':')[0] ?? '';
  } catch {
    return '';
  }
}

function quoted(value: string): string {
  return /^[A-Za-z0-9_./:=@%-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
