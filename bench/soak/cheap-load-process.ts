import { cheapLoad, type CheapLoad } from './cheap-load.js';

process.once('disconnect', () => process.exit(0));
process.on('message', (load: CheapLoad) => void cheapLoad(load).then((figures) => process.send?.(figures)));
