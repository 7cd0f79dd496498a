/** The page's script and style, made anew at each start: a quarter of a second, and nothing to be kept up to date. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface PageFiles {
  readonly html: string;
  readonly script: Uint8Array;
  readonly style: Uint8Array;
}

/** @throws Error with esbuild's complaints */
export async function bundlePage(): Promise<PageFiles> {
  const entry = (name: string): string => fileURLToPath(new URL(`client/${name}`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry('main.tsx'), entry('page.css')],
    bundle: true,
    write: false,
    outdir: '/page',
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    minify: true,
    charset: 'utf8',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const file = (end: string): Uint8Array => {
    const found = outputFiles.find(({ path }) => path.endsWith(end));
    if (found === undefined) throw new Error(`The page has no ${end}`);
    return found.contents;
  };
  return { html: HTML, script: file('.js'), style: file('.css') };
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>heapdump-bot demo</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. Without it: npm run demo -- --once</noscript>
<script type="module" src="/page.js"></script>
</body>
</html>
`;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#1d9a8a"/>
<path d="M9 22.5h14M11 18h10M13 13.5h6" stroke="#fff" stroke-width="3" stroke-linecap="round" fill="none"/>
<path d="M16 5.5v3.5" stroke="#fff" stroke-width="3" stroke-linecap="round"/>
</svg>
`;
