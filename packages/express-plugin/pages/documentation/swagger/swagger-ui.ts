import type { AccountState } from '../account.ts';

/*
 * The part of swagger-ui that this page is made with; the package brings no types.
 */

/** An element of its React, which is another library than that of the rest of the page. */
export interface ReactElement {
  readonly props: Readonly<Record<string, unknown>>;
}

export type Props = Readonly<Record<string, unknown>>;
export type Component = (props: Props) => ReactElement | null;
/** A component with a class, whose output can be changed. */
export type ClassComponent = new (props: Props) => Rendered;

interface Rendered {
  readonly props: Props;
  render(): ReactElement | null;
}

export interface React {
  readonly createElement: (type: unknown, props: Props | null, ...children: readonly unknown[]) => ReactElement;
  readonly cloneElement: (element: ReactElement, props: Props, ...children: readonly unknown[]) => ReactElement;
  readonly Fragment: unknown;
  readonly useSyncExternalStore: (listen: (changed: () => void) => () => void, read: () => AccountState) => AccountState;
}

export interface System {
  readonly React: React;
  readonly authActions: { readonly logout: (names: readonly string[]) => void };
  readonly preauthorizeApiKey: (name: string, value: string) => void;
}

/** What swagger-ui knows, as an immutable map. */
interface State {
  readonly hasIn: (path: readonly string[]) => boolean;
}

export interface Plugin {
  readonly statePlugins?: {
    readonly spec: {
      readonly wrapSelectors: {
        readonly allowTryItOutFor: (original: unknown) => (state: State, path: string, method: string) => boolean;
      };
    };
  };
  readonly components?: Readonly<Record<string, Component>>;
  readonly wrapComponents?: Readonly<Record<string, (original: unknown, system: System) => unknown>>;
}

export interface Configuration {
  readonly domNode: HTMLElement;
  readonly url: string;
  readonly layout: string;
  readonly plugins: readonly ((system: System) => Plugin)[];
  readonly onComplete: () => void;
  readonly validatorUrl: null;
  readonly deepLinking: boolean;
  readonly docExpansion: 'list';
  readonly tryItOutEnabled: boolean;
  readonly displayRequestDuration: boolean;
  readonly syntaxHighlight: { readonly activated: boolean };
}
