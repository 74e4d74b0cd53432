import { parameters, type Parameters } from './parameters.ts';
import { parseForm } from './parse-form.ts';
import { readBody } from './read-body.ts';
import { queryOf, type HostRequest } from '../request.ts';

/**
 * Reads what a request asks for, wherever it stands: query and body of any method; the body wins over the query.
 *
 * @throws {Refusal} 400, naming what cannot be read
 */
export async function readParameters(request: HostRequest): Promise<Parameters> {
  const query = parseForm(queryOf(request));
  return parameters(new Map([...query, ...(await readBody(request))]));
}
