// Where the console begins.
import { render } from 'preact';
import { App } from './app/app';
import './app/theme';

const root = document.getElementById('app');
if (root) render(<App />, root);
