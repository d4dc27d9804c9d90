/** One step of a client: what was asked and what came. */
export interface Step {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const MAX_REDIRECTS = 10;

/** A browser as far as servers can tell: cookies by host and path, redirects, forms. It has no scripts. */
export class WebClient {
  /** All that was answered so far, redirects included. */
  readonly steps: Step[] = [];
  private readonly cookies = new Map<string, Cookie[]>();

  /** One request, with the cookies of its host; the answer's are kept. No redirect is followed. */
  async request(url: string, init: RequestInit = {}): Promise<Step> {
    const headers = new Headers(init.headers);
    const cookie = this.cookieHeader(url);
    if (cookie !== '' && !headers.has('cookie')) headers.set('cookie', cookie);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.keep(url, response.headers.getSetCookie());
    const step = { url, status: response.status, headers: response.headers, body: await response.text() };
    this.steps.push(step);
    return step;
  }

  /** Opens a page like a person does, and follows redirects until `until` holds for the next address. */
  async navigate(url: string, until: (next: string) => boolean = () => false, init: RequestInit = {}): Promise<Step> {
    const asPerson = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
    let step = await this.request(url, { ...init, headers: { ...asPerson, ...(init.headers as object) } });
    for (let i = 0; i < MAX_REDIRECTS && step.headers.get('location') !== null; i++) {
      const next = new URL(step.headers.get('location') ?? '', step.url).href;
      if (until(next)) return step;
      step = await this.request(next, { headers: asPerson });
    }
    return step;
  }

  /** Sends a form of the page that a step ended on. */
  submit(page: Step, fields: Record<string, string>, until?: (next: string) => boolean): Promise<Step> {
    const [, action = ''] = /<form[^>]* action="([^"]*)"/.exec(page.body) ?? [];
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const all = { ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])), ...fields };
    return this.navigate(new URL(action, page.url).href, until, {
      method: 'POST',
      body: new URLSearchParams(all as Record<string, string>),
    });
  }

  cookie(url: string, name: string): string | undefined {
    return this.jarOf(url).find((cookie) => cookie.name === name)?.value;
  }

  /** Names of the cookies that begin so, the oldest first. */
  cookieNames(url: string, prefix: string): string[] {
    return this.jarOf(url)
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix));
  }

  setCookie(url: string, name: string, value: string): void {
    this.put(url, { name, value, path: '/' });
  }

  private cookieHeader(url: string): string {
    const { pathname } = new URL(url);
    return this.jarOf(url)
      .filter(({ path }) => pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  private keep(url: string, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/';
      const expires = attributes.find((each) => /^expires=/i.test(each))?.slice(8);
      const isOver =
        attributes.some((each) => /^max-age=0$/i.test(each)) || (expires && Date.parse(expires) < Date.now());
      if (isOver) this.drop(url, { name, path });
      else this.put(url, { name, value, path });
    }
  }

  private put(url: string, cookie: Cookie): void {
    this.drop(url, cookie);
    this.jarOf(url).push(cookie);
  }

  /** A cookie is another one at another path. */
  private drop(url: string, { name, path }: Omit<Cookie, 'value'>): void {
    const jar = this.jarOf(url);
    const at = jar.findIndex((each) => each.name === name && each.path === path);
    if (at !== -1) jar.splice(at, 1);
  }

  private jarOf(url: string): Cookie[] {
    const { host } = new URL(url);
    const jar = this.cookies.get(host) ?? [];
    this.cookies.set(host, jar);
    return jar;
  }
}
