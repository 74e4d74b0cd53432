import { render } from 'preact';
import { App } from './app.tsx';
import '../look/look.css';
import './console.css';
import './charts.css';
import './log.css';

render(<App />, document.querySelector('#app') as Element);
