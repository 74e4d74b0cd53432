import { render } from 'preact';
import '../look/look.css';

render(<main />, document.querySelector('#app') as Element);
