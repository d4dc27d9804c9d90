import { Body, Controller, Inject, RequestMethod, Sse, type MessageEvent, type OnModuleInit } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { map, type Observable } from 'rxjs';

interface AiService {
  streamQuery(request: object): Observable<object>;
}

@Controller()
export class AiController implements OnModuleInit {
  private aiService!: AiService;

  constructor(@Inject('AI_PACKAGE') private readonly client: ClientGrpc) {}

  onModuleInit(): void {
    this.aiService = this.client.getService<AiService>('AIService');
  }

  @Sse('api/v1/ai\\:stream', { method: RequestMethod.POST })
  streamQuery(@Body() body: object): Observable<MessageEvent> {
    return this.aiService.streamQuery(body).pipe(map((data) => ({ data })));
  }
}
