/** What the site costs a visitor in time, on the stack that runs: `npm run bench`. */
import config from './playwright.config.ts';

export default { ...config, testDir: 'bench', reporter: 'line' };
