#!/usr/bin/env node
import { main } from '../cli/main.js';

await main('fjr-dispatcher', process.argv.slice(2));
