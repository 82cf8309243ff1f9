import { assertNever } from './assert-never.ts';
import type { Json } from './binding.ts';
import type { Change } from './change.ts';

/** One sentence a change, for people: what happens to what, and why. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'create-upstream':
      return change.staged ? 'upstream created under a staging name' : 'upstream created';
    case 'update-upstream':
      return `upstream changed: ${change.fields.map((field) => `${field.path} ${show(field.from)} -> ${show(field.to)}`).join(', ')}`;
    case 'publish-upstream':
      return 'upstream takes over its host';
    case 'add-target':
      return `target ${change.target} added with weight ${change.weight}: ${change.reason}`;
    case 'set-weight':
      return `target ${change.target} weight ${change.from} -> ${change.to}: ${change.reason}`;
    case 'adopt-target':
      return `target ${change.target} adopted with weight ${change.weight}`;
    case 'remove-target':
      return `target ${change.target} removed: ${change.reason}`;
    case 'delete-upstream':
      return `upstream ${change.at} deleted: ${change.reason}`;
    default:
      return assertNever(change);
  }
}

function show(value: Json): string {
  return JSON.stringify(value);
}
