/** Rendered on the server; the part that restores is a client component. */
import type { ReactElement } from 'react';
import { Restore } from './restore';

export default function Page(): ReactElement {
  return <Restore />;
}
