import type { ReactElement, ReactNode } from 'react';

export const metadata = { title: 'Fairweather with Next.js', icons: 'data:,' };

export default function Layout({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
