import { describe, expect, it } from 'vitest';
import { findRefusedLicences } from './licences.ts';

const lock = (name: string, facts: { license?: string; dev?: boolean }) => ({ packages: { '': {}, [`node_modules/${name}`]: facts } });

describe('licences of the dependencies', () => {
  it.each(['AGPL-3.0-only', 'GPL-2.0-or-later', 'LGPL-3.0-or-later', 'SSPL-1.0', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN LICENSE.md', 'UNLICENSED'])(
    'refuses %s',
    (license) => {
      expect(findRefusedLicences(lock('a', { license }))).toEqual([{ name: 'a', licence: license }]);
    },
  );

  it.each(['MIT', 'Apache-2.0', '(MIT OR GPL-3.0-only)', 'BSD-3-Clause AND MIT'])('allows %s', (license) => {
    expect(findRefusedLicences(lock('a', { license }))).toEqual([]);
  });

  it('refuses a package that states none', () => {
    expect(findRefusedLicences(lock('a', {}))).toEqual([{ name: 'a', licence: 'none stated' }]);
  });

  it("allows LGPL for sharp's libvips alone", () => {
    expect(findRefusedLicences(lock('@img/sharp-libvips-linux-x64', { license: 'LGPL-3.0-or-later' }))).toEqual([]);
    expect(findRefusedLicences(lock('@img/sharp-libvips-linux-x64', { license: 'GPL-3.0-only' }))).toHaveLength(1);
  });

  it('allows MPL for tools, not for what is shipped', () => {
    expect(findRefusedLicences(lock('a', { license: 'MPL-2.0', dev: true }))).toEqual([]);
    expect(findRefusedLicences(lock('a', { license: 'MPL-2.0' }))).toHaveLength(1);
  });
});
