import { commandBox } from '../host/command-box.ts';
import type { InstalledKind, Kernel } from '../kernel/kernel.ts';
import type { PowerDefinition } from '../ocap/power.ts';
import { openCommand } from '../powers/command/live.ts';
import { commandPower } from '../powers/command/power.ts';
import { openDirectory } from '../powers/directory/live.ts';
import { directoryPower } from '../powers/directory/power.ts';
import { filesPower } from '../powers/files/kind.ts';
import { openFiles } from '../powers/files/live.ts';
import type { Fetcher } from '../powers/http/fetcher.ts';
import { openHttp } from '../powers/http/live.ts';
import { httpPower } from '../powers/http/power.ts';
import { openMailbox } from '../powers/mailbox/live.ts';
import { mailboxPower } from '../powers/mailbox/power.ts';
import { openModel } from '../powers/model/live.ts';
import { modelPower } from '../powers/model/power.ts';
import { openSecret } from '../powers/secret/live.ts';
import { secretPower } from '../powers/secret/power.ts';
import { sqlPower } from '../powers/sql/kind.ts';
import { openStore } from '../powers/store/live.ts';
import { storePower } from '../powers/store/power.ts';
import type { Home } from '../store/home.ts';
import { valuesPlace } from '../store/values-database.ts';
import { readSecret } from '../vault/store.ts';

/**
 * The kinds that come with Powerbox, each with what its objects may touch. Nothing else makes an
 * object that does something. `kernel` is asked for when one is used: it is made with these.
 */
export function ownKinds(
  home: Home,
  fetcher: Fetcher,
  kernel: () => Kernel,
): readonly InstalledKind[] {
  const secret = (name: string) => readSecret(home, name).secret;
  const values = valuesPlace(home);
  return [
    install(httpPower, (config) => openHttp(config, fetcher)),
    install(filesPower, (config) => openFiles(config, { excluded: [home.root] })),
    install(sqlPower, async (config) => {
      // The clients of databases take longer to load than all the rest of the daemon.
      const { openSql } = await import('../powers/sql/open.ts');
      return openSql(config, { secret: (name) => secret(name).reveal() });
    }),
    install(commandPower, (config) => openCommand(config, commandBox(home))),
    install(modelPower, (config) => openModel(config, fetcher)),
    install(mailboxPower, (config) => openMailbox(config, kernel().mail)),
    install(directoryPower, (config) => {
      const { names, view } = kernel();
      return openDirectory(config, { names, kindOf: (grant) => view(grant).power.kind });
    }),
    install(secretPower, (config) => openSecret(config, { secret })),
    install(storePower, (config) => openStore(config, values)),
  ];
}

/** The kernel hands `open` the config that the definition has parsed. */
function install<Config, Narrowing, Call>(
  definition: Omit<PowerDefinition<Config, Narrowing, Call>, 'facets'>,
  open: (config: Config) => ReturnType<InstalledKind['open']>,
): InstalledKind {
  return { definition, open } as unknown as InstalledKind;
}
