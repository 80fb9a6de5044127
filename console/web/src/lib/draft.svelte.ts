// What was typed into a form, kept in the tab until it is sent: a reload, a log-in that expired or a wrong click lose
// nothing. Secrets are never kept.

export class Draft<T extends object> {
  value = $state() as T;
  private key: string;

  constructor(key: string, empty: T, private secret: (field: string) => boolean = () => false) {
    this.key = `draft:${key}`;
    this.value = { ...empty, ...read(this.key) } as T;
  }

  save() {
    const kept = JSON.stringify(this.value, (k, v) => (k !== '' && this.secret(k) ? undefined : v));
    try {
      sessionStorage.setItem(this.key, kept);
    } catch {
      // Without storage a draft lives as long as its page.
    }
  }

  clear() {
    try {
      sessionStorage.removeItem(this.key);
    } catch {
      // as above
    }
  }
}

function read(key: string): object {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    return kept && typeof kept === 'object' ? kept : {};
  } catch {
    return {};
  }
}
