// What frames the pages beside the room: the site's name above, what one has a right to know below.
import type { ComponentChildren, JSX } from "preact";

import { t } from "./i18n";
import { LanguageChoice } from "./language-choice";
import { site } from "./site";

/** Name and logo; where one is not at home already, they lead there. */
export function Brand({ link = true }: { readonly link?: boolean }): JSX.Element {
  const { name, logo, logoDark } = site;
  const content = (
    <>
      {logo !== null && (
        <img class={logoDark === null ? "logo" : "logo on-light"} src={logo} alt="" />
      )}
      {logoDark !== null && (
        <img class={logo === null ? "logo" : "logo on-dark"} src={logoDark} alt="" />
      )}
      <span>{name}</span>
    </>
  );
  return link ? (
    <a class="brand" href="/">
      {content}
    </a>
  ) : (
    <span class="brand">{content}</span>
  );
}

interface SitePageProps {
  readonly isHome?: boolean;
  /** Of its `main`. */
  readonly id?: string;
  readonly class?: string;
  /** What its text is in, where that may not be the page's language. */
  readonly lang?: string | undefined;
  readonly children: ComponentChildren;
}

/** A page beside the room. */
export function SitePage(props: SitePageProps): JSX.Element {
  const { isHome = false, class: name = "home-main", children, id, lang } = props;
  return (
    <div class="home">
      <header class="page-header">
        <Brand link={!isHome} />
        <LanguageChoice />
      </header>
      <main class={name} id={id} lang={lang}>
        {children}
      </main>
      <SiteFooter />
    </div>
  );
}

export function SiteFooter(): JSX.Element {
  const { legal, privacy, contact, source } = t().site;
  return (
    <footer class="site-footer">
      {site.texts.legal.length > 0 && <a href="/legal">{legal}</a>}
      {site.texts.privacy.length > 0 && <a href="/privacy">{privacy}</a>}
      {site.contact !== null && <a href={site.contact}>{contact}</a>}
      <a href="/source">{source}</a>
    </footer>
  );
}
