/** Makes the templates of the stage that `-c stage=…` or ONEMINS_STAGE names. */
import { App } from 'aws-cdk-lib';
import { parseStage } from '../lib/config.js';
import { buildProduct } from '../lib/product.js';
import { stages } from './stages.js';

const app = new App();
const name: string = app.node.tryGetContext('stage') ?? process.env.ONEMINS_STAGE ?? 'local';
const stage = stages(process.env)[name];
buildProduct(app, parseStage(name, stage, app.node.tryGetContext('workerImageId')));
