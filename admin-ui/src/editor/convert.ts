// The same document in the other notation. Loaded on demand: the parser is as big as the frame.
import { parse, stringify } from 'yaml';

export function toYaml(json: string): string {
  return stringify(JSON.parse(json) as unknown, { lineWidth: 0, indent: 2 });
}

export function toJson(yaml: string): string {
  return `${JSON.stringify(parse(yaml, { maxAliasCount: 100 }), null, 2)}\n`;
}
