import type { JSX } from 'preact';
import type { ApiError } from './api.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';
import { readSettings, type PageSettings } from './settings.ts';

interface ProblemProps {
  readonly error: ApiError | undefined;
  /** Tries again. */
  readonly onRetry?: () => void;
}

/** What went wrong with a call of the API, in its own words, and a way out. Nothing when nothing did. */
export function Problem({ error, onRetry }: ProblemProps): JSX.Element | null {
  if (!error) return null;
  const actions = (
    <>
      {error.status === 401 && <SignIn />}
      {onRetry && (
        <Button small icon="again" onClick={onRetry}>
          Try again
        </Button>
      )}
    </>
  );
  return (
    <Notice tone="bad" title={error.title} told actions={error.status === 401 || onRetry ? actions : undefined}>
      {error.message}
    </Notice>
  );
}

/** A link to where people sign in, in another tab: nothing that was typed here is lost. */
export function SignIn(): JSX.Element | null {
  const { signIn } = readSettings() as PageSettings;
  if (signIn === null) return null;
  return (
    <a class="button button-small" href={signIn} target="_blank" rel="noopener">
      Sign in (new tab)
    </a>
  );
}
