/** Products with what is no symmetric matrix: it has no real eigenvalues to find, and is no Hessian. */
export class AsymmetricProductError extends Error {
  constructor() {
    super(
      "Hessian-vector products are not symmetric: the script's gradient is not that of its loss, as a custom gradient may be.",
    );
    this.name = "AsymmetricProductError";
  }
}
