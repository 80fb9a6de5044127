// What tests/endtoend/console gives to the journeys on a real stack, in the environment. Each journey asks for what it needs.

export const given = {
  /** The one-time link. */
  get link() {
    return wanted('LINK');
  },
  /** The address of the console. */
  get url() {
    return wanted('URL');
  },
  /** A published application, or the name to publish the package under. */
  get app() {
    return wanted('APP');
  },
  /** A file to upload. */
  get package() {
    return wanted('PACKAGE');
  },
  /** The folder of the nodes' volumes. */
  get volumes() {
    return wanted('VOLUMES');
  },
  /** A cluster of the application. */
  get cluster() {
    return wanted('CLUSTER');
  },
  token: (role: 'operator' | 'viewer') => wanted(role.toUpperCase()),
};

/** control kills the console, or starts it again. */
export async function control(what: 'kill' | 'start') {
  const answer = await fetch(`${wanted('CONTROL')}/${what}`, { method: 'POST' });
  if (!answer.ok) throw new Error(`${what} the console: ${await answer.text()}`);
}

function wanted(name: string): string {
  const value = process.env[`DROVER_E2E_${name}`];
  if (!value) throw new Error(`DROVER_E2E_${name} is not set: run the journeys with make console-e2e`);
  return value;
}
