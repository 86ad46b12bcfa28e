import { describe, expect, it } from 'vitest';
import { definitionProblem, type FieldSchema } from './definition-gaps.ts';

const problemOf = (wanted: FieldSchema, found: FieldSchema | undefined): string | undefined =>
  definitionProblem([{ name: 'things.rebound.dev', wanted, found }]);

const fields = (...names: string[]): FieldSchema => ({
  properties: Object.fromEntries(names.map((name) => [name, {}])),
});

describe('definitionProblem', () => {
  it('finds nothing wrong with a definition that keeps every field, and more', () => {
    expect(problemOf(fields('spec', 'status'), fields('spec', 'status', 'later'))).toBeUndefined();
  });

  it('names a kind that is missing', () => {
    expect(problemOf(fields('spec'), undefined)).toBe('things.rebound.dev is missing');
  });

  it('names the fields that would be dropped, wherever they are, and counts the others', () => {
    const wanted: FieldSchema = {
      properties: {
        status: fields('message', 'phase'),
        list: { items: fields('name', 'age') },
        map: { additionalProperties: fields('key') },
        new: fields('a'),
        newer: {},
      },
    };
    const found: FieldSchema = {
      properties: {
        status: fields('phase'),
        list: { items: fields('name') },
        map: { additionalProperties: fields() },
      },
    };
    expect(problemOf(wanted, found)).toBe('things.rebound.dev lacks status.message, list.age, map.key and 2 more');
  });

  it('names a value that would be refused', () => {
    const phase = (...values: string[]): FieldSchema => ({ properties: { phase: { enum: values } } });
    expect(problemOf(phase('Old', 'New'), phase('Old'))).toBe('things.rebound.dev lacks phase New');
    expect(problemOf(phase('Old'), fields('phase'))).toBeUndefined();
  });

  it('counts nothing as dropped where unknown fields are kept', () => {
    const keeping: FieldSchema = { 'x-kubernetes-preserve-unknown-fields': true };
    expect(problemOf({ properties: { spec: fields('a') } }, { properties: { spec: keeping } })).toBeUndefined();
    expect(problemOf({ additionalProperties: fields('a') }, { additionalProperties: true })).toBeUndefined();
  });
});
