/** The page: one component. */
import { createRoot } from 'react-dom/client';
import { Restore } from './restore';

const root = document.querySelector('#root');
if (root !== null) createRoot(root).render(<Restore />);
