import { describe, expect, test } from 'vitest';
import limits from '../../src/api/limits.json' with { type: 'json' };
import { addressPreview, nameFault, nameFaultWhileTyping } from '../../src/model/name.ts';

describe('names of projects', () => {
  test.each([
    ['mybot', null],
    ['my-bot-2', null],
    ['a'.repeat(limits.projectName.maxLength), null],
    ['', 'Choose a name.'],
    ['a'.repeat(limits.projectName.maxLength + 1), 'Use at most 30 characters.'],
    ['MyBot', 'Use lower-case letters only.'],
    ['my.bot', 'Use only the letters a to z, digits and hyphens.'],
    ['2bot', 'Start with a letter.'],
    ['-bot', 'Start with a letter.'],
    ['my--bot', 'Use single hyphens only.'],
    ['bot-', 'End with a letter or a digit.'],
  ])('%s', (name, fault) => {
    expect(nameFault(name)).toBe(fault);
  });

  test('a hyphen at the end may go on, so nothing is said while somebody types', () => {
    expect(nameFaultWhileTyping('my-')).toBeNull();
    expect(nameFaultWhileTyping('')).toBeNull();
    expect(nameFaultWhileTyping('my--')).toBe('Use single hyphens only.');
    expect(nameFaultWhileTyping('My-')).toBe('Use lower-case letters only.');
    expect(nameFaultWhileTyping('-')).toBe('Start with a letter.');
  });

  test('a name that cannot be is not shown in an address', () => {
    expect(addressPreview('my-bot', '1mins.in')).toBe('https://my-bot-….1mins.in');
    expect(addressPreview('My Bot', '1mins.in')).toBe('https://name-….1mins.in');
  });
});
