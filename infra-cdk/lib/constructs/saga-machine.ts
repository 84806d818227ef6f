/** The state machine that runs a saga, with the rights to call the functions in it and no others. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { FunctionName } from '../functions.js';
import type { RustFunction } from './rust-function.js';
import type { Definition } from './saga.js';

export interface SagaMachineProps {
  readonly name: string;
  readonly definition: Definition;
  readonly functions: Record<FunctionName, RustFunction>;
}

export class SagaMachine extends Construct {
  readonly machine: StateMachine;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: SagaMachineProps) {
    super(scope, id);
    this.logs = new LogGroup(this, 'Logs', {
      // Log delivery is only granted by itself to groups under this prefix.
      logGroupName: `/aws/vendedlogs/states/${props.name}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const arns = Object.fromEntries(
      calledBy(props.definition).map((name) => [name, props.functions[name].function.functionArn]),
    );
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: props.name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(JSON.stringify(props.definition)),
      definitionSubstitutions: arns,
      logs: { destination: this.logs, level: LogLevel.ALL, includeExecutionData: false },
      tracingEnabled: true,
    });
    this.machine.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: Object.values(arns) }),
    );
  }
}

/** The functions that `definition` calls, each once. */
function calledBy(definition: Definition): FunctionName[] {
  const names = Object.values(definition.States).flatMap((state) =>
    state.Type === 'Task' ? [state.Resource.slice('${'.length, -'}'.length) as FunctionName] : [],
  );
  return [...new Set(names)];
}
