import { runPagesOf } from './live.js';

runPagesOf(['user-down']);
