import { render } from 'preact';
import { Header } from '../look/header.tsx';
import { readSettings, type PageSettings } from '../look/settings.ts';
import '../look/look.css';

const settings = readSettings() as PageSettings;

render(
  <>
    <Header settings={settings} current="console" />
    <main class="page" id="main" tabIndex={-1} />
  </>,
  document.querySelector('#app') as Element,
);
