import { render } from 'preact';
import { Header } from '../look/header.tsx';
import '../look/look.css';
import './bin.css';
import { BackLink, BinPage } from './bin-page.tsx';
import { ListPage } from './list-page.tsx';
import { settings } from './settings.ts';

render(
  <>
    <Header settings={settings} current="bins" />
    <main class="page" id="main" tabIndex={-1}>
      {settings.bin === null ? (
        <ListPage />
      ) : (
        <>
          <BackLink />
          <BinPage id={settings.bin} />
        </>
      )}
    </main>
  </>,
  document.querySelector('#app') as Element,
);
