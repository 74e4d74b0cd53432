import { render } from 'preact';
import { Header } from '../look/header.tsx';
import { readSettings, type PageSettings } from '../look/settings.ts';
import '../look/look.css';

const settings = readSettings() as PageSettings;

render(
  <>
    <Header settings={settings} current="documentation" />
    <main class="page" id="main" tabIndex={-1}>
      <div id="api" />
    </main>
  </>,
  document.querySelector('#app') as Element,
);
const { show } = await import('./swagger.ts');
show(document.querySelector('#api') as HTMLElement, 'openapi.json');
