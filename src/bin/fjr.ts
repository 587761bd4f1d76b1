#!/usr/bin/env node
import { main } from '../cli/main.js';

await main('fjr', process.argv.slice(2));
