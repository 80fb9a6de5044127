import { mount } from 'svelte';
import App from './App.svelte';
import { followLinks } from './lib/place.svelte';
import { theme } from './lib/theme.svelte';
import './styles/base.css';
import { speakFirst } from './texts/texts.svelte';

theme.apply();
followLinks();
await speakFirst();
mount(App, { target: document.getElementById('app')! });
