import { Component, type ComponentType, type JSX } from 'preact';

/** A component that is rendered again only when one of its properties is another one. */
export function memo<Props extends object>(Inner: (props: Props) => JSX.Element): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      return Object.keys(after).some((name) => name !== 'children' && after[name] !== before[name]);
    }

    override render(): JSX.Element {
      return <Inner {...this.props} />;
    }
  };
}
