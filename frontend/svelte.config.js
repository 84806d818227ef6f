/** Read by the checker and the editor; `vite.config.ts` reads it too. */
export default {
  compilerOptions: { runes: true },
};
