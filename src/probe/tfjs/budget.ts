interface Account {
  /** Seconds that may be spent; below zero after a measurement that was dearer than its account. */
  credit: number;
  /** Seconds that it took last time; undefined before the first time. */
  cost: number | undefined;
}

/**
 * When to measure, so that measuring costs a given fraction of wall time.
 *
 * Each measurement has an account. The fraction of the time that passes is income, shared equally by those who cannot pay
 * for their next measurement yet; who can is passed over, so that cheap measurements take little and dear ones are never
 * starved. What nobody needs is forgotten, for a long rest must not be followed by a rush. Everything is measured once at the
 * beginning, on credit.
 */
export class Budget {
  readonly #accounts = new Map<string, Account>();
  #fraction: number;
  #requested = false;
  #lastTime: number | undefined;

  /** `fraction` of wall time, from 0, which never measures, to 1, which always does. */
  constructor(fraction: number) {
    this.#fraction = fraction;
  }

  get fraction(): number {
    return this.#fraction;
  }

  set fraction(fraction: number) {
    this.#fraction = fraction;
  }

  /** Everything is to be measured at the next opportunity, whatever it costs. */
  request(): void {
    this.#requested = true;
  }

  /** Which of the named measurements to take now; `time` in seconds, never decreasing. */
  choose(names: readonly string[], time: number): ReadonlySet<string> {
    const accounts = names.map((name) => ({ name, account: this.#account(name) }));
    this.#earn(
      accounts.map(({ account }) => account),
      time,
    );
    if (this.#requested || this.#fraction >= 1) {
      this.#requested = false;
      return new Set(names);
    }
    if (this.#fraction <= 0) return new Set();
    const due = accounts.filter(({ account }) => account.cost === undefined || account.credit >= account.cost);
    return new Set(due.map(({ name }) => name));
  }

  /** A measurement has been taken and took this many seconds. */
  spend(name: string, seconds: number): void {
    const account = this.#account(name);
    account.credit -= seconds;
    account.cost = seconds;
  }

  /** Something has been done once for the sake of a measurement, and will not be done each time. */
  charge(name: string, seconds: number): void {
    this.#account(name).credit -= seconds;
  }

  #earn(accounts: readonly Account[], time: number): void {
    let income = this.#fraction * (time - (this.#lastTime ?? time));
    this.#lastTime = time;
    while (income > 0) {
      const needy = accounts.filter(needs);
      if (needy.length === 0) return;
      const share = income / needy.length;
      income = 0;
      for (const account of needy) {
        const taken = Math.min(share, (account.cost ?? 0) - account.credit);
        account.credit += taken;
        income += share - taken;
      }
      // Rounding could share out ever smaller remainders without end.
      if (income < 1e-12) return;
    }
  }

  #account(name: string): Account {
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const account: Account = { credit: 0, cost: undefined };
    this.#accounts.set(name, account);
    return account;
  }
}

function needs({ credit, cost }: Account): boolean {
  return cost !== undefined && credit < cost;
}
