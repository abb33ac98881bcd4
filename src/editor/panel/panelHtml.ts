/** The panel's page. Everything in it is drawn by the bundle; nothing of a run is ever written into it but escaped. */

export interface PanelPage {
  /** Fresh for each page, from a cryptographic source. */
  readonly nonce: string;
  /** Where the page's own files are served from, as a source of a content security policy. */
  readonly source: string;
  readonly script: string;
  readonly style: string;
  /** The run's directory, which the page remembers over a reload of the window. */
  readonly run: string;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

export function panelHtml(page: PanelPage): string {
  const policy = `default-src 'none'; script-src 'nonce-${page.nonce}'; style-src ${page.source}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escaped(page.style)}">
<title>Orrery</title>
</head>
<body data-run="${escaped(page.run)}">
<main id="panel"></main>
<script nonce="${page.nonce}" src="${escaped(page.script)}"></script>
</body>
</html>
`;
}
