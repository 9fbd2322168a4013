// Every text that the console shows, in English, a file for each group of screens; another language
// is another folder of this shape.
import { apis } from './apis';
import { frame } from './frame';
import { identity } from './identity';
import { node } from './node';
import { oauth } from './oauth';

export const text = { ...frame, ...node, ...apis, ...identity, ...oauth };
