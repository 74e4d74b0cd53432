import { render, type JSX } from 'preact';
import { Header } from '../look/header.tsx';
import '../look/look.css';
import { account } from './account.ts';
import { Api } from './api.tsx';
import './documentation.css';
import { Introduction } from './introduction.tsx';
import { KeyForm } from './key-form.tsx';
import { settings } from './settings.ts';

function Documentation(): JSX.Element {
  return (
    <>
      <Header settings={settings} current="documentation" />
      <main class="page" id="main" tabIndex={-1}>
        <Introduction />
        <KeyForm />
        <Api />
      </main>
    </>
  );
}

render(<Documentation />, document.querySelector('#app') as Element);
void account.restore();
