import { examplePicker } from './example-picker.ts';
import type { ClassComponent, Plugin, Props, System } from './swagger-ui.ts';

/**
 * Makes swagger-ui a part of this page: without its own header, servers, and way to enter keys; with every endpoint open to
 * be tried, and with the tags and forms of the account.
 */
export function plugin({ React }: System): Plugin {
  const { createElement, cloneElement } = React;
  const nothing = (): (() => null) => () => null;

  return {
    statePlugins: {
      spec: {
        wrapSelectors: {
          // A stream does not end, and swagger-ui shows an answer once it has.
          allowTryItOutFor: () => (state, path, method) =>
            !state.hasIn(['json', 'paths', path, method, 'responses', '200', 'content', 'text/event-stream']),
        },
      },
    },
    components: {
      EndpointsLayout: ({ getComponent }) => {
        const part = (getComponent as (name: string, container: boolean) => unknown).bind(null);
        const parts = ['SvgAssets', 'errors', 'operations', 'Webhooks'].map((name) =>
          createElement(part(name, name !== 'SvgAssets'), { key: name }),
        );
        return createElement('div', { className: 'swagger-ui' }, parts);
      },
    },
    wrapComponents: {
      authorizeOperationBtn: nothing,
      TryItOutButton: nothing,
      // What is sent empty counts as not sent here.
      ParameterIncludeEmpty: nothing,
      // The button that the procedure names. Pressed before its references are resolved, it would do nothing but complain.
      execute: (original) =>
        class extends (original as ClassComponent) {
          override render() {
            const { operation } = this.props as { readonly operation?: { readonly size: number } };
            const button = super.render();
            return button && operation?.size ? cloneElement(button, {}, 'Try it out') : null;
          }
        },
      // A heading that says whose they are: this page has webhooks all over.
      Webhooks: (original) => (props: Props) =>
        createElement('section', { 'aria-labelledby': 'payloads-title' }, [
          createElement('h3', { key: 'title', id: 'payloads-title', className: 'payloads-title' }, 'What is sent to you'),
          createElement(original, { key: 'payloads', ...props }),
        ]),
      JsonSchema_string: (original, system) => examplePicker(original, system),
    },
  };
}
