import { createRoot } from 'react-dom/client';
import { ROLES, type Role } from '../page-state.ts';
import { App } from './app.tsx';
import { PageStore } from './page-store.ts';

/** In the address, so that a second window can be somebody else, and a reload is the same person. */
function roleInAddress(): Role {
  const given = new URLSearchParams(location.search).get('as');
  return ROLES.find((role) => role === given) ?? 'developer';
}

const store = new PageStore(roleInAddress());
store.connect();

function become(role: Role): void {
  history.replaceState(null, '', `?as=${role}`);
  store.connect(role);
}

const place = document.getElementById('page');
if (place !== null) createRoot(place).render(<App store={store} become={become} />);
