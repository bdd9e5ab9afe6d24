import { HOST, type Kernel, type Reference } from '../../../../src/kernel/kernel.ts';
import type { World } from './cast.ts';

/** Everything that names a grant without being it: data that anybody may come to know. */
export function designatorsOf(
  { kernel }: World,
  holder: string,
  grant: string,
): readonly unknown[] {
  const { power, chain } = kernel.view(grant);
  const reference = kernel.reference(holder, grant);
  const paths = kernel.names.pathsOf(holder, grant);
  return [
    grant,
    ...chain,
    ...paths,
    ...paths.map((path) => `${holder}/${path}`),
    power.id,
    holder,
    HOST,
    '..',
    '{{powerbox:KEY}}',
    { ...reference },
    JSON.parse(JSON.stringify(reference)),
    { ...reference, grant: chain[0] },
    Object.create(reference) as object,
    new Proxy(reference, {}),
    // The very object, in the hands of somebody to whom it was not given.
    reference,
  ];
}

/** A kernel that takes whoever holds a grant for whoever names it. */
export function makeTrusting(kernel: Kernel): Kernel {
  const own = (grant: string): readonly [string, Reference] => {
    const { to } = kernel.view(grant).grant;
    return [to, kernel.reference(to, grant)];
  };
  return {
    ...kernel,
    use(_, { grant }, method, args) {
      const [holder, reference] = own(grant);
      return kernel.use(holder, reference, method, args);
    },
    reference: (_, grant) => own(grant)[1],
  };
}

/** A kernel whose petnames are everybody's. */
export function makeOneNamespace(kernel: Kernel, holder: () => string): Kernel {
  return {
    ...kernel,
    names: { ...kernel.names, lookup: (_, path) => kernel.names.lookup(holder(), path) },
    reference: (_, grant) => kernel.reference(kernel.view(grant).grant.to, grant),
    use: (_, reference, method, args) =>
      kernel.use(kernel.view(reference.grant).grant.to, reference, method, args),
  };
}
