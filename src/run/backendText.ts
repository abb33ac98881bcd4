/** As `PyTorch 2.4.0 on cuda`; empty while neither is known. */
export function backendText({ framework, backend }: { readonly framework: string; readonly backend: string }): string {
  return [framework, backend].filter((part) => part !== "").join(" on ");
}
